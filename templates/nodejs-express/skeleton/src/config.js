/** What the environment sets; the README lists the variables. Refuses what can't be right before anything starts. */
export function readConfig(env = process.env) {
  return {
    port: integer(env, 'PORT', ${{ values.port }}, 0, 65_535),
    version: env.APP_VERSION ?? '0.0.0-dev',
    environment: env.ENVIRONMENT ?? '',
    logLevel: env.LOG_LEVEL ?? 'info',
    // Below the time that Kubernetes waits before it kills a pod.
    shutdownMs: integer(env, 'SHUTDOWN_TIMEOUT_MS', 20_000, 0, 600_000),
    tracing: {
      endpoint: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampling: share(env, 'TRACING_SAMPLING', 0.1),
    },
{% if values.database %}
    database: {
      host: env.DATABASE_HOST ?? 'localhost',
      port: integer(env, 'DATABASE_PORT', 5432, 1, 65_535),
      database: env.DATABASE_NAME ?? 'app',
      user: env.DATABASE_USERNAME ?? 'app',
      password: env.DATABASE_PASSWORD,
      // As libpq's sslmode: `require` encrypts, `verify-full` also checks the certificate.
      ssl: ssl(env.DATABASE_SSLMODE ?? 'require'),
      max: integer(env, 'DATABASE_POOL_SIZE', 10, 1, 1_000),
      connectionTimeoutMillis: 5_000,
    },
{% endif %}
  };
}

function integer(env, name, otherwise, least, greatest) {
  if (env[name] === undefined || env[name] === '') return otherwise;
  const number = Number(env[name]);
  if (!Number.isInteger(number) || number < least || number > greatest) {
    throw new Error(`${name} must be a whole number from ${least} to ${greatest}`);
  }
  return number;
}

function share(env, name, otherwise) {
  if (env[name] === undefined || env[name] === '') return otherwise;
  const number = Number(env[name]);
  if (!(number >= 0 && number <= 1)) throw new Error(`${name} must be a number from 0 to 1`);
  return number;
}
{% if values.database %}

function ssl(mode) {
  const modes = { disable: false, require: { rejectUnauthorized: false }, 'verify-full': { rejectUnauthorized: true } };
  if (!Object.hasOwn(modes, mode)) throw new Error(`DATABASE_SSLMODE must be one of ${Object.keys(modes).join(', ')}`);
  return modes[mode];
}
{% endif %}
