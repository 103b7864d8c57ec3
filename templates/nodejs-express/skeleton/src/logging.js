import { trace } from '@opentelemetry/api';
import pino from 'pino';

/** JSON on stdout in the names of the Elastic Common Schema, one object a line. */
export function createLogger({ logLevel, version, environment }, destination) {
  const options = {
    level: logLevel,
    messageKey: 'message',
    base: {
      'service.name': ${{ values.component | dump }},
      'service.version': version,
      'service.environment': environment,
    },
    timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ 'log.level': label.toUpperCase() }) },
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span ? { 'trace.id': span.traceId, 'span.id': span.spanId } : {};
    },
    serializers: {
      error: (error) => ({ type: error.name, message: error.message, stack_trace: error.stack }),
    },
  };
  return pino(options, destination);
}

/** One line for each request, without its body, query or headers. */
export function logRequests(logger) {
  return (request, response, next) => {
    const began = process.hrtime.bigint();
    response.on('finish', () => {
      const duration = Number(process.hrtime.bigint() - began);
      const level = response.statusCode >= 500 ? 'error' : 'info';
      logger[level](
        {
          'http.request.method': request.method,
          'url.path': request.originalUrl.split('?')[0],
          'http.response.status_code': response.statusCode,
          'event.duration': duration,
        },
        'request',
      );
    });
    next();
  };
}
