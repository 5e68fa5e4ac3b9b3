import { z } from 'zod';
import { configuration } from './schema/configuration.ts';

/** The JSON Schema of the configuration language, for editors: the same source as the validation itself. */
export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configuration, {
    io: 'input',
    override: ({ jsonSchema }) => fitForEditors(jsonSchema),
  });
  return { $schema, title: 'Graygate configuration', ...schema };
}

/** The text of config/graygate.schema.json. */
export function renderJsonSchema(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

interface Draft {
  propertyNames?: unknown;
  type?: unknown;
  const?: unknown;
  anyOf?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
}

/**
 * The validation reads every scalar as text, while editors see YAML's own types: where a schema names other types than text
 * it means those, and its default is one of them.
 */
function fitForEditors(schema: Draft): void {
  // Keys of maps are always texts.
  if (schema.type === 'object') delete schema.propertyNames;
  const isMixed =
    schema.anyOf !== undefined || schema.const !== undefined || schema.enum?.some((word) => typeof word !== 'string');
  if (isMixed) delete schema.type;
  if (typeof schema.default !== 'string') return;
  if (schema.type === 'boolean') schema.default = schema.default === 'true';
  else if (schema.type === 'integer' || schema.type === 'number') schema.default = Number(schema.default);
}
