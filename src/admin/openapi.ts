import type { Operation } from './operations.ts';

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'requestId'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, requestId: { type: 'string' } },
    },
  },
};

/** The API's own description (OpenAPI 3.1), made from the operations that are served. */
export function openApiDocument(operations: readonly Operation[], version: string, hasTokens: boolean): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = `/api/${operation.path}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(operation) };
  }
  const bearer = { bearer: { type: 'http', scheme: 'bearer' } };
  return {
    openapi: '3.1.0',
    info: { title: 'Graygate admin API', version },
    ...(hasTokens ? { security: [{ bearer: [] }] } : {}),
    paths,
    components: { schemas: { Error: ERROR }, ...(hasTokens ? { securitySchemes: bearer } : {}) },
  };
}

function operationOf({ path, role, summary, ifMatch, query, body }: Operation): object {
  const parameters: object[] = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  for (const [name, schema] of Object.entries(query ?? {})) parameters.push({ name, in: 'query', schema });
  if (ifMatch !== undefined) {
    const description = 'The revision of the object that the caller has seen.';
    const isNeeded = ifMatch === 'needed';
    parameters.push({ name: 'If-Match', in: 'header', required: isNeeded, description, schema: { type: 'string' } });
  }
  const content = (schema: object) => ({ 'application/json': { schema } });
  return {
    summary,
    description: `Needs the role ${role}.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      200: { description: 'Done.', content: content({ type: 'object' }) },
      default: { description: 'Refused.', content: content({ $ref: '#/components/schemas/Error' }) },
    },
  };
}
