import { createApp } from './app.js';
import { readConfig } from './config.js';
{% if values.database %}
import { openDatabase } from './database.js';
{% endif %}
import { ItemService } from './items/service.js';
import { createStore } from './items/store.js';
import { createLogger } from './logging.js';
import { createMetrics } from './metrics.js';
import { startTracing } from './tracing.js';

const config = readConfig();
const logger = createLogger(config);
const metrics = createMetrics();
const tracing = startTracing(config.tracing);
{% if values.database %}
const database = await openDatabase(config.database, metrics).catch((error) => {
  logger.fatal({ error }, 'no database');
  process.exit(1);
});
const store = createStore(database);
const isReady = () => database.isReachable();
{% else %}
const store = createStore();
const isReady = async () => true;
{% endif %}
const health = { stopping: false, isReady };
const app = createApp({ items: new ItemService(store, metrics), metrics, logger, health });

const server = app.listen(config.port, (error) => {
  if (error) throw error;
  logger.info({ port: server.address().port }, 'listening');
});

/** Stops being ready, finishes what is under way, and ends. */
function stop(signal) {
  if (health.stopping) return;
  health.stopping = true;
  logger.info({ signal }, 'stopping');
  const late = setTimeout(() => {
    logger.error('open requests took too long');
    process.exit(1);
  }, config.shutdownMs);
  late.unref();
  server.close(async () => {
{% if values.database %}
    await database.close();
{% endif %}
    await tracing.stop();
    clearTimeout(late);
    logger.info('stopped');
  });
  server.closeIdleConnections();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
