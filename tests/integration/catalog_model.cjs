// What Backstage itself says of entities: one entity a line on stdin, one verdict a line on stdout, made by the steps of
// its catalog backend in their order (policies, schema of the kind, references). Started by catalog.rs; NODE_PATH says
// where the packages are.
const model = require('@backstage/catalog-model');
const alpha = require('@backstage/catalog-model/alpha');

const optional = name => {
  try {
    return require(name);
  } catch {
    return undefined;
  }
};
const scaffolder = optional('@backstage/plugin-scaffolder-common');

const policies = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const validators = {
  API: model.apiEntityV1alpha1Validator,
  Component: model.componentEntityV1alpha1Validator,
  Domain: model.domainEntityV1alpha1Validator,
  Group: model.groupEntityV1alpha1Validator,
  Location: model.locationEntityV1alpha1Validator,
  Resource: model.resourceEntityV1alpha1Validator,
  System: model.systemEntityV1alpha1Validator,
  Template: scaffolder?.templateEntityV1beta3Validator,
  User: model.userEntityV1alpha1Validator,
};
const catalog = alpha.compileCatalogModel(
  [
    alpha.defaultCatalogEntityModel,
    alpha.mcpServerApiEntityModel,
    optional('@backstage/plugin-scaffolder-common/alpha')?.scaffolderCatalogModelLayer,
  ].filter(layer => layer),
);

// "/metadata must have required property 'name'", "/spec/owner must be string", "\"tags.0\" is not valid", ...
function fieldOf(message) {
  const missing = /(<root>|\/\S*) must have required property '([^']*)'/.exec(message);
  if (missing) {
    return `${missing[1] === '<root>' ? '' : missing[1]}/${missing[2]}`;
  }
  const extra = /^Unknown field (.*)$/.exec(message) ?? /additionalProperty: (\S+)/.exec(message);
  if (extra) {
    return `/${extra[1]}`;
  }
  const format = /^"?((?:apiVersion|kind|metadata\.\w+|labels|annotations|tags|links)[^"]*?)"? (?:is not valid|must have a value)/.exec(message);
  if (format) {
    const [first, ...rest] = format[1].split('.');
    const inMetadata = ['labels', 'annotations', 'tags', 'links'].includes(first);
    const map = first === 'labels' || first === 'annotations';
    const path = [inMetadata ? 'metadata' : undefined, first, ...(map ? [rest.join('.')] : rest)].filter(part => part !== undefined);
    return `/${path.map(part => part.replace(/~/g, '~0').replace(/\//g, '~1')).join('/')}`;
  }
  return /(?:^|, )(\/\S+) must/.exec(message)?.[1];
}

async function judge(entity) {
  if (entity?.kind === 'Template' && !validators.Template) {
    return { skipped: '@backstage/plugin-scaffolder-common' };
  }
  try {
    const whole = await policies.enforce(structuredClone(entity));
    const mcp = whole.kind === 'API' && whole.spec?.type === 'mcp-server';
    const validator = mcp ? alpha.mcpServerApiEntityValidator : validators[whole.kind];
    if (!validator || !(await validator.check(whole))) {
      return { valid: false, why: 'no processor recognised the kind', field: undefined };
    }
    const known = catalog.getKind(whole);
    for (const { path, defaultKind } of known.relationFields) {
      const value = path.split('.').reduce((at, key) => at?.[key], whole);
      if (!value) {
        continue;
      }
      for (const [index, target] of [value].flat().entries()) {
        try {
          model.parseEntityRef(target, { defaultKind, defaultNamespace: whole.metadata.namespace });
        } catch (error) {
          const at = `/${path.replace('.', '/')}`;
          return { valid: false, why: error.message, field: Array.isArray(value) ? `${at}/${index}` : at };
        }
      }
    }
    return { valid: true };
  } catch (error) {
    return { valid: false, why: error.message, field: fieldOf(error.message) };
  }
}

(async () => {
  const lines = require('node:readline').createInterface({ input: process.stdin });
  for await (const line of lines) {
    console.log(JSON.stringify(await judge(JSON.parse(line))));
  }
})();
