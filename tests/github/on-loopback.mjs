// Loaded before the emulator by the tests: it listens on a free port of 127.0.0.1 alone, says which, and ends with its parent.

import { Server } from "node:net";

const listen = Server.prototype.listen;
Server.prototype.listen = function () {
  return listen.call(this, { port: 0, host: "127.0.0.1" }, () => console.log(`listening on ${this.address().port}`));
};

process.stdin.resume();
process.stdin.on("end", () => process.exit());
