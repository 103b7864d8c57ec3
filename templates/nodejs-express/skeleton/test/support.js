import { createApp } from '../src/app.js';
import { ItemService } from '../src/items/service.js';
import { createLogger } from '../src/logging.js';
import { createMetrics } from '../src/metrics.js';

/** A store that behaves like the real one and can be told to fail. */
export function fakeStore() {
  const items = [];
  return {
    items,
    save: async (item) => void items.unshift(item),
    find: async (id) => items.find((item) => item.id === id),
    newest: async (limit) => items.slice(0, limit),
  };
}

/** The application over a store, with what it logged. */
export function testApp(store = fakeStore()) {
  const lines = [];
  const destination = { write: (line) => lines.push(JSON.parse(line)) };
  const logger = createLogger({ logLevel: 'info', environment: 'test' }, destination);
  const metrics = createMetrics();
  const health = { stopping: false, isReady: async () => true };
  const app = createApp({ items: new ItemService(store, metrics), metrics, logger, health });
  return { app, store, lines, metrics, health };
}
