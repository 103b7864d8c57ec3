import express from 'express';

import { itemRoutes } from './items/routes.js';
import { logRequests } from './logging.js';
import { handleErrors, notFound } from './problem.js';
import { traceRequests } from './tracing.js';

/** The operations of `api/openapi.yaml`: what is served, and what the contract test compares. */
export function operations(items) {
  return [...itemRoutes(items)];
}

/** The application without a server, so that tests need no port. */
export function createApp({ items, metrics, logger, health }) {
  const app = express();
  app.disable('x-powered-by');
  // The gateway or mesh in front says who called and how.
  app.set('trust proxy', true);

  // Probes and Prometheus: neither logged, traced nor counted.
  app.get('/health/live', (_request, response) => response.json({ status: 'UP' }));
  app.get('/health/ready', async (_request, response) => {
    const ready = !health.stopping && (await health.isReady());
    response.status(ready ? 200 : 503).json({ status: ready ? 'UP' : 'DOWN' });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  app.use(traceRequests(), logRequests(logger), metrics.countRequests());
  app.use(express.json({ limit: '100kb' }));
  for (const { method, path, handle } of operations(items)) {
    // OpenAPI writes {id} where Express writes :id.
    app[method](path.replaceAll(/\{(\w+)\}/g, ':$1'), handle);
  }
  app.use(notFound);
  app.use(handleErrors(logger));
  return app;
}
