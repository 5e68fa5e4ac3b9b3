import { readFileSync } from 'node:fs';

/** The YAML blocks of a guide in docs/guides, in order. */
export function guideBlocks(name: string): readonly string[] {
  const text = readFileSync(new URL(`../../docs/guides/${name}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
}
