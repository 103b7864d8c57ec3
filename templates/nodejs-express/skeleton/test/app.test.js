import assert from 'node:assert/strict';
import { test } from 'node:test';

import request from 'supertest';

import { testApp } from './support.js';

test('an item is created, found and listed', async () => {
  const { app } = testApp();
  const created = await request(app).post('/v1/items').send({ name: ' first ' }).expect(201);
  assert.equal(created.body.name, 'first');
  assert.equal(created.headers.location, `/v1/items/${created.body.id}`);

  const found = await request(app).get(created.headers.location).expect(200);
  assert.deepEqual(found.body, created.body);
  const listed = await request(app).get('/v1/items?limit=1').expect(200);
  assert.deepEqual(listed.body, [created.body]);
});

for (const [what, body, errors] of [
  ['a blank name', { name: ' ' }, [{ field: 'name', message: 'must not be blank' }]],
  ['no name', {}, [{ field: 'name', message: 'must be a text' }]],
  ['a long name', { name: 'x'.repeat(101) }, [{ field: 'name', message: 'must have at most 100 characters' }]],
]) {
  test(`${what} is refused with the field`, async () => {
    const { app, store } = testApp();
    const response = await request(app).post('/v1/items').send(body).expect(400);
    assert.match(response.headers['content-type'], /^application\/problem\+json/);
    assert.equal(response.body.type, 'urn:problem:invalid-request');
    assert.equal(response.body.instance, '/v1/items');
    assert.deepEqual(response.body.errors, errors);
    assert.deepEqual(store.items, []);
  });
}

test('unknown fields are refused', async () => {
  const { app } = testApp();
  const response = await request(app).post('/v1/items').send({ name: 'x', nmae: 'y' }).expect(400);
  assert.equal(response.body.errors[0].field, 'nmae');
});

test('what is not JSON is refused', async () => {
  const { app } = testApp();
  await request(app).post('/v1/items').type('text/plain').send('first').expect(415);
  const response = await request(app).post('/v1/items').type('json').send('{').expect(400);
  assert.equal(response.body.status, 400);
});

test('ids and limits are checked', async () => {
  const { app } = testApp();
  await request(app).get('/v1/items/none').expect(400);
  await request(app).get('/v1/items?limit=0').expect(400);
  await request(app).get('/v1/items?limit=x').expect(400);
  const missing = await request(app).get('/v1/items/3f2c8a40-9f5d-4e56-8f4d-1f1b7a0c9f11').expect(404);
  assert.equal(missing.body.type, 'urn:problem:item-not-found');
  await request(app).get('/v2').expect(404);
});

test('an unexpected error says nothing about the inside, and is logged', async () => {
  const store = { newest: async () => Promise.reject(new Error('the password is hunter2')) };
  const { app, lines } = testApp(store);
  const response = await request(app).get('/v1/items').expect(500);
  assert.equal(response.body.detail, 'The service failed unexpectedly.');
  assert.ok(!response.text.includes('hunter2'));
  const error = lines.find((line) => line.message === 'unexpected error');
  assert.equal(error['log.level'], 'ERROR');
  assert.match(error.error.stack_trace, /hunter2/);
});

test('probes follow the state of the pod', async () => {
  const { app, health } = testApp();
  await request(app).get('/health/live').expect(200);
  await request(app).get('/health/ready').expect(200);
  health.isReady = async () => false;
  await request(app).get('/health/ready').expect(503);
  health.isReady = async () => true;
  health.stopping = true;
  await request(app).get('/health/ready').expect(503);
  await request(app).get('/health/live').expect(200);
});

test('requests are counted by route, and logged', async () => {
  const { app, lines } = testApp();
  await request(app).post('/v1/items').send({ name: 'first' }).expect(201);
  await request(app).get('/v1/items/3f2c8a40-9f5d-4e56-8f4d-1f1b7a0c9f11').expect(404);
  const { text } = await request(app).get('/metrics').expect(200);
  const series = 'http_server_requests_seconds_count{method="GET",uri="/v1/items/{id}",status="404",outcome="CLIENT_ERROR"} 1';
  assert.ok(text.includes(series), text);
  assert.ok(text.includes('items_added_total 1'));
  assert.ok(!text.includes('uri="/health'));
  assert.deepEqual(
    lines.map((line) => [line['http.request.method'], line['url.path'], line['http.response.status_code']]),
    [
      ['POST', '/v1/items', 201],
      ['GET', '/v1/items/3f2c8a40-9f5d-4e56-8f4d-1f1b7a0c9f11', 404],
    ],
  );
});
