// What Backstage's scaffolder makes of a Template's steps: { template, parameters, task } on stdin, the files that
// they write on stdout, by path. Expressions are rendered as its NunjucksWorkflowRunner does: one that is a whole value keeps its
// type, and what is undefined is left out. Started by forms.rs; NODE_PATH says where nunjucks is.
const nunjucks = require('nunjucks');

const tags = { variableStart: '${{', variableEnd: '}}' };
const environment = new nunjucks.Environment(null, { autoescape: false, tags });

function isWhole(text) {
  const parsed = nunjucks.parser.parse(text, {}, { autoescape: false, tags });
  const first = parsed.children[0]?.children?.[0];
  return parsed.children.length === 1 && !(first instanceof nunjucks.nodes.TemplateData);
}

function render(input, context) {
  return JSON.parse(JSON.stringify(input), (_key, value) => {
    if (typeof value !== 'string') {
      return value;
    }
    const whole = isWhole(value);
    const text = whole ? value.replace(/\${{(.+)}}/g, '${{ ( $1 ) | dump }}') : value;
    const made = environment.renderString(text, context);
    return made === '' ? undefined : whole ? JSON.parse(made) : made;
  });
}

const chunks = [];
process.stdin.on('data', chunk => chunks.push(chunk));
process.stdin.on('end', () => {
  const { template, parameters, task } = JSON.parse(Buffer.concat(chunks));
  const context = { parameters, context: { task: { id: task } }, steps: {} };
  const files = {};
  let request;
  for (const step of template.spec.steps) {
    const input = render(step.input, context);
    if (step.action === 'roadiehq:utils:serialize:yaml') {
      context.steps[step.id] = { output: { serialized: JSON.stringify(input.data) } };
    } else if (step.action === 'roadiehq:utils:fs:write') {
      // The whole value is text, which only looks like data here.
      files[input.path] = typeof input.content === 'string' ? JSON.parse(input.content) : input.content;
    } else if (step.action === 'publish:github:pull-request') {
      request = input;
    } else {
      throw new Error(`what does ${step.action} do?`);
    }
  }
  console.log(JSON.stringify({ files, request }));
});
