import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { parse } from 'yaml';

import { operations } from '../src/app.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

test('the code offers what api/openapi.yaml promises, and nothing beyond it', async () => {
  const contract = parse(await readFile(new URL('../api/openapi.yaml', import.meta.url), 'utf8'));
  const promised = Object.entries(contract.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => METHODS.includes(method))
      .map((method) => `${method} ${path}`),
  );
  const offered = operations({}).map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(offered.sort(), promised.sort());
});
