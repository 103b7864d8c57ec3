import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import request from 'supertest';

import { startTracing } from '../src/tracing.js';
import { testApp } from './support.js';

const exporter = new InMemorySpanExporter();
const kept = [];
// Stopping the provider empties the exporter: what it was given is kept here.
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) => {
  kept.push(...spans);
  send(spans, done);
};
const tracing = startTracing({ sampling: 1 }, exporter);
after(() => tracing.stop());

test('a request continues the trace of its caller, and its logs name it', async () => {
  const { app, lines } = testApp();
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await request(app).get('/v1/items').set('traceparent', `00-${traceId}-b7ad6b7169203331-01`).expect(200);
  await tracing.stop();
  assert.deepEqual(
    kept.map((span) => [span.name, span.spanContext().traceId, span.attributes['http.response.status_code']]),
    [['GET /v1/items', traceId, 200]],
  );
  assert.equal(lines[0]['trace.id'], traceId);
});

test('without a collector nothing is started', async () => {
  await startTracing({ sampling: 1 }).stop();
});
