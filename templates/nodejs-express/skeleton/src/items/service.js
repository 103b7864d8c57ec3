import { randomUUID } from 'node:crypto';

/** The rules about items, and the metrics that say how they are doing. */
export class ItemService {
  #store;
  #metrics;
  #now;

  constructor(store, metrics, now = () => new Date()) {
    this.#store = store;
    this.#metrics = metrics;
    this.#now = now;
  }

  async create({ name }) {
    const item = { id: randomUUID(), name: name.trim(), createdAt: this.#now().toISOString() };
    await this.#timed('write', () => this.#store.save(item));
    this.#metrics.added.inc();
    return item;
  }

  /** The item, or undefined. */
  get(id) {
    return this.#timed('read', () => this.#store.find(id));
  }

  newest(limit) {
    return this.#timed('read', () => this.#store.newest(limit));
  }

  async #timed(operation, act) {
    const stop = this.#metrics.store.startTimer({ operation });
    try {
      return await act();
    } finally {
      stop();
    }
  }
}
