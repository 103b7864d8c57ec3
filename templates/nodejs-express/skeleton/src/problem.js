import { STATUS_CODES } from 'node:http';

/** An error that a client may see, as problem details (RFC 9457). */
export class Problem extends Error {
  constructor(status, detail, { type = 'about:blank', title = STATUS_CODES[status], errors } = {}) {
    super(detail);
    this.status = status;
    this.body = { type, title, status, detail, ...(errors && { errors }) };
  }
}

/** The fields that were refused. */
export function invalidRequest(errors) {
  return new Problem(400, 'Invalid request content.', { type: 'urn:problem:invalid-request', errors });
}

/** For what no operation serves. */
export function notFound(_request, _response, next) {
  next(new Problem(404, 'There is nothing here.'));
}

/** Every error leaves as problem details, and says nothing about the inside of the service. */
export function handleErrors(logger) {
  return (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = asProblem(error);
    if (problem.status >= 500) logger.error({ error }, 'unexpected error');
    response.status(problem.status).type('application/problem+json');
    response.send(JSON.stringify({ ...problem.body, instance: request.path }));
  };
}

function asProblem(error) {
  if (error instanceof Problem) return error;
  // What Express and its parsers refuse: malformed JSON or URLs, bodies that are too large.
  const status = error.status ?? error.statusCode;
  if (status >= 400 && status < 500) return new Problem(status, 'The request could not be read.');
  return new Problem(500, 'The service failed unexpectedly.');
}
