/** Where a value lies in a body: the steps to it, from the body on. Plain data. */
export type BodySource = readonly [BodyEntry, ...BodyStep[]];

/** `pointer` reads a JSON body, `field` a form. */
export type BodyEntry =
  | { readonly kind: 'pointer'; readonly pointer: string }
  | { readonly kind: 'field'; readonly name: string };

export type BodyStep =
  | BodyEntry
  | { readonly kind: 'base64' | 'base64url' | 'urldecode' | 'json' }
  | { readonly kind: 'aes-cbc'; readonly keyBits: 128 | 256; readonly key: BodySecret; readonly iv: BodySecret };

/** A key or an initialization vector, in hexadecimal digits: one for all, or one for each value found elsewhere in the body. */
export type BodySecret =
  | { readonly kind: 'one'; readonly hex: string }
  | {
      readonly kind: 'by';
      readonly by: BodyEntry;
      readonly secrets: readonly { readonly name: string; readonly hex: string }[];
    };

/** As a person reads it: `/Data (base64, aes-128-cbc, json, /ConnectorID)`. Holds no secrets. */
export function bodySourceText([entry, ...steps]: BodySource): string {
  const text = stepText(entry);
  return steps.length === 0 ? text : `${text} (${steps.map(stepText).join(', ')})`;
}

function stepText(step: BodyStep): string {
  switch (step.kind) {
    case 'pointer':
      return step.pointer === '' ? '(whole)' : step.pointer;
    case 'field':
      return `field ${step.name}`;
    case 'aes-cbc':
      return `aes-${step.keyBits}-cbc`;
    default:
      return step.kind;
  }
}
