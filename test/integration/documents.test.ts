import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../src/config/issue.ts';
import { parseConfiguration } from '../../src/config/parse.ts';
import type { PlaceDatabases } from '../../src/core/ports.ts';
import { conditionPorts } from '../support/condition-ports.ts';
import { around } from '../support/config-text.ts';

const document = new URL('../../docs/conditions.md', import.meta.url);
/** Knows every part of every place. */
const places: PlaceDatabases = { open: () => ({ hasRegions: true, hasCities: true, placeOf: () => null }) };

function blocksOf(): string[] {
  return [...readFileSync(document, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
}

/** A condition becomes that of a rule; anything else stands at the top. */
function configurationWith(block: string): string {
  const switches = 'switches: { new-callback: off }';
  if (!block.startsWith('when:')) return around({ more: `${switches}\n${block}` });
  const rule = `      - name: x\n        to: v2\n${block.replace(/^/gm, '        ')}`;
  return around({ more: switches, routes: `  - name: r\n    service: app\n    split: { v1: 1 }\n    rules:\n${rule}` });
}

describe('docs/conditions.md', () => {
  test.each(blocksOf().map((block) => [block.trim().split('\n')[0]!, block] as const))('%s', (_, block) => {
    const files = [{ path: 'graygate.yaml', text: configurationWith(block) }];
    const { issues } = parseConfiguration({ files, env: {}, readFile: () => 'u-1' }, { ...conditionPorts, places });
    expect(issues.map(formatIssue)).toEqual([]);
  });
});
