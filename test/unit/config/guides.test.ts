import { expect, test } from 'vitest';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseText } from '../../support/config-text.ts';
import { guideBlocks } from '../../support/guide-blocks.ts';

/** Every block of the guide to mirroring is a configuration, but for what stands around it. */
test.each(guideBlocks('mirroring.md').map((block, at) => [at + 1, block] as const))(
  'block %i of mirroring.md',
  (_, block) => {
    const services = block.includes('services:')
      ? ''
      : 'services: { reviews: { versions: { v2: { endpoints: ["http://a:1"] }, v3: { endpoints: ["http://b:1"] } } } }\n';
    const text = `version: 1\nlisteners: [{ name: edge, address: "127.0.0.1:0" }]\n${services}${block}`;
    const { issues } = parseText(text, { env: { TEST_CLUSTER_TOKEN: 'a-token' } });
    expect(issues.filter(({ code }) => code !== 'choosable-sticky-key').map(formatIssue)).toEqual([]);
  },
);
