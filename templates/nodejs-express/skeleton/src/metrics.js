import client from 'prom-client';

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What Prometheus reads. The names are those that services of all languages use here, so that one dashboard and one set
 * of alerts fit all of them.
 */
export function createMetrics() {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const requests = new client.Histogram({
    name: 'http_server_requests_seconds',
    help: 'Duration of requests',
    labelNames: ['method', 'uri', 'status', 'outcome'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const added = new client.Counter({ name: 'items_added_total', help: 'Items added', registers: [registry] });
  const store = new client.Histogram({
    name: 'items_store_seconds',
    help: 'Time that the store of items takes',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers: [registry],
  });

  function countRequests() {
    return (request, response, next) => {
      const stop = requests.startTimer();
      response.on('finish', () => {
        const status = response.statusCode;
        // The route and not the path: ids would make a series each.
        const uri = (request.route?.path ?? 'UNKNOWN').replaceAll(/:(\w+)/g, '{$1}');
        stop({ method: request.method, uri, status, outcome: outcome(status) });
      });
      next();
    };
  }

  return { registry, added, store, countRequests };
}

function outcome(status) {
  const outcomes = ['INFORMATIONAL', 'SUCCESS', 'REDIRECTION', 'CLIENT_ERROR', 'SERVER_ERROR'];
  return outcomes[Math.floor(status / 100) - 1] ?? 'UNKNOWN';
}
