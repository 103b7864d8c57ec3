// Makes description.json.z, the part of GitHub's own OpenAPI description that the tests check against. By hand:
//
//   npm install --prefix /tmp/openapi --no-save @octokit/openapi@23.0.2 @octokit/graphql-schema@15.26.1
//   node tests/github/make-description.mjs /tmp/openapi/node_modules/@octokit
//
// It is taken from ghec.json, GitHub Enterprise Cloud, which is api.github.com with a little more: of the operations below
// only the visibility `internal` differs, which no organisation without an enterprise may ask for.
//
// Both are under the MIT licence, (c) Octokit contributors and GitHub; see LICENSE-octokit beside this file.
// OpenAPI 3.0's schemas become JSON Schema 2020-12, without prose; what is left is compressed with zlib.

import { readFileSync, writeFileSync } from "node:fs";
import { deflateSync, constants } from "node:zlib";

const VERSION = "23.0.2";
const GRAPHQL_VERSION = "15.26.1";

// The types of GraphQL whose fields may be asked for.
const TYPES = `
  Query Mutation Node Actor RepositoryOwner Organization User RateLimit PageInfo
  RepositoryConnection RepositoryEdge Repository RepositoryTopicConnection RepositoryTopic Topic
  RefConnection Ref GitObject Commit Tree TreeEntry Blob SearchResultItemConnection SearchResultItem
  PullRequestConnection PullRequest AutoMergeRequest Label LabelConnection
  EnablePullRequestAutoMergePayload DisablePullRequestAutoMergePayload
  ConvertPullRequestToDraftPayload MarkPullRequestReadyForReviewPayload CreateCommitOnBranchPayload
`;
const ROOT_FIELDS = {
  Query: ["node", "nodes", "organization", "rateLimit", "repository", "repositoryOwner", "search", "user", "viewer"],
  Mutation: [
    "enablePullRequestAutoMerge", "disablePullRequestAutoMerge", "convertPullRequestToDraft",
    "markPullRequestReadyForReview", "createCommitOnBranch",
  ],
};

const OPERATIONS = `
  get /app, /app/installations, /user, /users/{username}, /rate_limit, /meta, /orgs/{org}
  get /orgs/{org}/installation, /users/{username}/installation, /repos/{owner}/{repo}/installation
  get /installation/repositories
  post /app/installations/{installation_id}/access_tokens
  get /orgs/{org}/repos
  post /orgs/{org}/repos, /user/repos
  get /users/{username}/repos, /user/repos
  get patch delete /repos/{owner}/{repo}
  get put /repos/{owner}/{repo}/topics
  post /repos/{template_owner}/{template_repo}/generate
  get /orgs/{org}/properties/schema
  get patch /repos/{owner}/{repo}/properties/values
  post /repos/{owner}/{repo}/git/blobs, /repos/{owner}/{repo}/git/trees, /repos/{owner}/{repo}/git/commits
  post /repos/{owner}/{repo}/git/tags, /repos/{owner}/{repo}/git/refs, /repos/{owner}/{repo}/merges
  get /repos/{owner}/{repo}/git/blobs/{file_sha}, /repos/{owner}/{repo}/git/trees/{tree_sha}
  get /repos/{owner}/{repo}/git/commits/{commit_sha}, /repos/{owner}/{repo}/git/tags/{tag_sha}
  get /repos/{owner}/{repo}/git/ref/{ref}, /repos/{owner}/{repo}/git/matching-refs/{ref}
  patch delete /repos/{owner}/{repo}/git/refs/{ref}
  get put delete /repos/{owner}/{repo}/contents/{path}
  get /repos/{owner}/{repo}/branches, /repos/{owner}/{repo}/branches/{branch}
  get put delete /repos/{owner}/{repo}/branches/{branch}/protection
  get post delete /repos/{owner}/{repo}/branches/{branch}/protection/required_signatures
  get post /repos/{owner}/{repo}/rulesets
  get put delete /repos/{owner}/{repo}/rulesets/{ruleset_id}
  get /repos/{owner}/{repo}/rules/branches/{branch}, /repos/{owner}/{repo}/codeowners/errors
  get post /repos/{owner}/{repo}/pulls
  get patch /repos/{owner}/{repo}/pulls/{pull_number}
  get put /repos/{owner}/{repo}/pulls/{pull_number}/merge
  get /repos/{owner}/{repo}/pulls/{pull_number}/files, /repos/{owner}/{repo}/pulls/{pull_number}/commits
  get post /repos/{owner}/{repo}/pulls/{pull_number}/reviews
  get post delete /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers
  put /repos/{owner}/{repo}/pulls/{pull_number}/update-branch
  get patch /repos/{owner}/{repo}/issues/{issue_number}
  get post put delete /repos/{owner}/{repo}/issues/{issue_number}/labels
  delete /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}
  get post /repos/{owner}/{repo}/issues/{issue_number}/comments
  get patch delete /repos/{owner}/{repo}/issues/comments/{comment_id}
  post delete /repos/{owner}/{repo}/issues/{issue_number}/assignees
  get post /repos/{owner}/{repo}/labels
  get patch delete /repos/{owner}/{repo}/labels/{name}
  post /repos/{owner}/{repo}/check-runs, /repos/{owner}/{repo}/statuses/{sha}
  get patch /repos/{owner}/{repo}/check-runs/{check_run_id}
  get /repos/{owner}/{repo}/commits/{ref}/check-runs, /repos/{owner}/{repo}/commits/{ref}/status
  get /repos/{owner}/{repo}/commits/{ref}/statuses, /repos/{owner}/{repo}/commits/{commit_sha}/pulls
  get /repos/{owner}/{repo}/compare/{basehead}, /repos/{owner}/{repo}/commits, /repos/{owner}/{repo}/commits/{ref}
  get post /repos/{owner}/{repo}/hooks
  get patch delete /repos/{owner}/{repo}/hooks/{hook_id}
  get /orgs/{org}/teams/{team_slug}, /repos/{owner}/{repo}/teams
  get put delete /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}
  get /repos/{owner}/{repo}/collaborators/{username}/permission
  get /search/code, /search/issues, /search/repositories
`;

function read(name, version, file) {
  const folder = `${process.argv[2]}/${name}`;
  const found = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).version;
  if (found !== version) throw new Error(`@octokit/${name} is ${found}, this is written for ${version}`);
  return JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
}
const source = read("openapi", VERSION, "generated/ghec.json");
const types = read("graphql-schema", GRAPHQL_VERSION, "schema.json");

const resolve = (value) =>
  value?.$ref === undefined ? value : value.$ref.split("/").slice(1).reduce((at, name) => at[name], source);

// Which components are named, so that no others are kept.
const named = new Set();

// What a validator reads; everything else in a schema is prose or of OpenAPI only.
const KEPT = ["enum", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];

// `closed`: an object whose properties are listed takes no others, as nothing else in a request has a meaning.
function schema(from, closed) {
  if (from.$ref !== undefined) {
    const name = from.$ref.replace("#/components/schemas/", "");
    named.add(name);
    return { $ref: `#/$defs/${name}` };
  }
  const to = {};
  if (from.type !== undefined) to.type = from.type;
  for (const key of KEPT) if (from[key] !== undefined) to[key] = from[key];
  if (from.minimum !== undefined) to[from.exclusiveMinimum === true ? "exclusiveMinimum" : "minimum"] = from.minimum;
  if (from.maximum !== undefined) to[from.exclusiveMaximum === true ? "exclusiveMaximum" : "maximum"] = from.maximum;
  if (from.format === "date-time") to.format = from.format;
  if (from.required?.length) to.required = from.required;
  if (from.items !== undefined) to.items = schema(from.items, closed);
  if (from.properties !== undefined) {
    to.properties = {};
    for (const [name, value] of Object.entries(from.properties)) to.properties[name] = schema(value, closed);
  }
  if (from.additionalProperties === false) to.additionalProperties = false;
  else if (typeof from.additionalProperties === "object" && Object.keys(from.additionalProperties).length) {
    to.additionalProperties = schema(from.additionalProperties, closed);
  }
  if (from.not !== undefined) to.not = schema(from.not, false);
  if (from.allOf !== undefined) to.allOf = from.allOf.map((part) => schema(part, false));
  // More than one of GitHub's alternatives often holds: oneOf is meant as anyOf.
  const either = from.anyOf ?? from.oneOf;
  if (either?.length === 1 && Object.keys(to).length === 0) return schema(either[0], closed);
  if (either !== undefined) {
    const own = from.properties === undefined;
    to.anyOf = either.map((part) => schema(part, closed && own));
  }
  if (closed && from.properties !== undefined && to.additionalProperties === undefined) {
    to.unevaluatedProperties = false;
  }
  if (from.nullable !== true) return to;
  if (to.enum !== undefined && !to.enum.includes(null)) to.enum = [...to.enum, null];
  if (to.type !== undefined) return { ...to, type: [to.type, "null"] };
  return Object.keys(to).length ? { anyOf: [to, { type: "null" }] } : to;
}

const json = (content) => {
  const kind = Object.keys(content ?? {}).find((name) => name === "application/json" || name.endsWith("+json"));
  return kind && content[kind].schema;
};

function operation(method, path) {
  const item = source.paths[path];
  if (item?.[method] === undefined) throw new Error(`${method} ${path} is not described`);
  const from = item[method];
  const parameters = [...(item.parameters ?? []), ...(from.parameters ?? [])].map(resolve);
  const to = {
    method: method.toUpperCase(),
    path,
    id: from.operationId,
    parameters: parameters.filter((one) => one.in === "path" || one.in === "query").map((one) => ({
      name: one.name,
      in: one.in,
      ...(one.required ? { required: true } : {}),
      ...(one["x-multi-segment"] ? { segments: true } : {}),
      schema: schema(one.schema, false),
    })),
    responses: {},
  };
  const body = resolve(from.requestBody);
  const accepted = body && json(body.content);
  if (accepted) to.body = { required: body.required === true, schema: schema(accepted, true) };
  for (const [status, answer] of Object.entries(from.responses)) {
    const content = json(resolve(answer).content);
    to.responses[status] = content === undefined ? null : schema(content, false);
  }
  return to;
}

const operations = OPERATIONS.trim().split("\n").flatMap((line) => {
  const words = line.replaceAll(",", "").trim().split(/\s+/);
  const paths = words.filter((word) => word.startsWith("/"));
  return paths.flatMap((path) => words.filter((word) => !word.startsWith("/")).map((method) => operation(method, path)));
});

const $defs = {};
named.add("basic-error");
for (const name of named) $defs[name] = schema(source.components.schemas[name], false);

// GraphQL: of each type the fields with their types and arguments; inputs and enums as far as arguments name them.
const byName = new Map((types.__schema ?? types.data.__schema).types.map((type) => [type.name, type]));
const inputs = {};
const spelled = (type) =>
  type.kind === "NON_NULL" ? `${spelled(type.ofType)}!` : type.kind === "LIST" ? `[${spelled(type.ofType)}]` : type.name;

function input(type) {
  const name = spelled(type).replace(/[[\]!]/g, "");
  const known = byName.get(name);
  if (inputs[name] !== undefined) return spelled(type);
  if (known.kind === "ENUM") inputs[name] = known.enumValues.map((value) => value.name);
  if (known.kind === "INPUT_OBJECT") {
    inputs[name] = {};
    for (const field of known.inputFields) inputs[name][field.name] = input(field.type);
  }
  return spelled(type);
}

const objects = {};
for (const name of TYPES.trim().split(/\s+/)) {
  const type = byName.get(name);
  const fields = {};
  for (const field of type.fields ?? []) {
    if (ROOT_FIELDS[name] && !ROOT_FIELDS[name].includes(field.name)) continue;
    const args = Object.fromEntries(field.args.map((arg) => [arg.name, input(arg.type)]));
    fields[field.name] = Object.keys(args).length ? [spelled(field.type), args] : [spelled(field.type)];
  }
  objects[name] = { fields, kind: type.kind, possible: (type.possibleTypes ?? []).map((one) => one.name) };
}
const enums = [...byName.values()].filter((type) => type.kind === "ENUM" || type.kind === "SCALAR");
const leaves = enums.map((type) => type.name);
const asked = new Set(Object.values(objects).flatMap((one) => Object.values(one.fields)).map(([type]) => type.replace(/[[\]!]/g, "")));

const graphql = { objects, inputs, leaves: leaves.filter((name) => asked.has(name)) };
const text = JSON.stringify({ from: `@octokit/openapi ${VERSION}, @octokit/graphql-schema ${GRAPHQL_VERSION}, MIT`, operations, $defs, graphql });
const packed = deflateSync(text, { level: 9, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY });
writeFileSync(new URL("description.json.z", import.meta.url), packed);
console.log(`${operations.length} operations, ${named.size} components, ${Object.keys(objects).length} types, ${text.length} bytes, ${packed.length} packed`);
