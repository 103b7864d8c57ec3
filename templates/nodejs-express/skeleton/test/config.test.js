import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readConfig } from '../src/config.js';

test('defaults are those of the README', () => {
  const config = readConfig({});
  assert.equal(config.port, ${{ values.port }});
  assert.equal(config.tracing.endpoint, undefined);
  assert.equal(config.tracing.sampling, 0.1);
});

test('what can\'t be right is refused by name', () => {
  assert.throws(() => readConfig({ PORT: 'http' }), /PORT must be a whole number/);
  assert.throws(() => readConfig({ TRACING_SAMPLING: '2' }), /TRACING_SAMPLING must be a number from 0 to 1/);
{% if values.database %}
  assert.throws(() => readConfig({ DATABASE_SSLMODE: 'maybe' }), /DATABASE_SSLMODE must be one of/);
{% endif %}
});
{% if values.database %}

test('connections are encrypted unless somebody says otherwise', () => {
  assert.deepEqual(readConfig({}).database.ssl, { rejectUnauthorized: false });
  assert.equal(readConfig({ DATABASE_SSLMODE: 'disable' }).database.ssl, false);
});
{% endif %}
