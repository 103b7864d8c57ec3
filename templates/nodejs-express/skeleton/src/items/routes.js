import { z } from 'zod';

import { invalidRequest, Problem } from '../problem.js';

const newItem = z.strictObject({
  name: z
    .string('must be a text')
    .max(100, 'must have at most 100 characters')
    .refine((name) => name.trim() !== '', 'must not be blank'),
});
const id = z.uuid('must be a UUID');
const limit = z.coerce.number('must be a number').int('must be a whole number').min(1).max(100).default(20);

/** The paths under `/v1/items` of `api/openapi.yaml`. */
export function itemRoutes(items) {
  return [
    {
      method: 'get',
      path: '/v1/items',
      handle: async (request, response) => {
        response.json(await items.newest(parse(limit, request.query.limit, 'limit')));
      },
    },
    {
      method: 'post',
      path: '/v1/items',
      handle: async (request, response) => {
        if (!request.is('application/json')) throw new Problem(415, 'The body must be application/json.');
        const item = await items.create(parse(newItem, request.body, ''));
        response.status(201).location(`/v1/items/${item.id}`).json(item);
      },
    },
    {
      method: 'get',
      path: '/v1/items/{id}',
      handle: async (request, response) => {
        const item = await items.get(parse(id, request.params.id, 'id'));
        if (!item) throw new Problem(404, 'No such item.', { type: 'urn:problem:item-not-found', title: 'Item not found' });
        response.json(item);
      },
    },
  ];
}

function parse(schema, value, name) {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => {
    const fields = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.') || name];
    return fields.map((field) => ({ field, message: issue.message }));
  });
  throw invalidRequest(errors);
}
