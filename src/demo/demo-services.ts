import type { RequestListener } from 'node:http';
import { type LoopbackService, startLoopbackService } from './loopback-service.ts';
import { callbackService } from './services/callback.ts';
import { productPageService } from './services/product-page.ts';
import { reviewsService } from './services/reviews.ts';

/** One version of a demo service, running. */
export interface RunningService {
  readonly name: string;
  readonly version: string;
  /** For the person at the terminal: what is special about this version; '' when nothing is. */
  readonly about: string;
  /** The address that config/demo.yaml writes for it. */
  readonly addressInFile: string;
  readonly service: LoopbackService;
}

/** Starts every service of the demo on loopback ports of their own; when one cannot start, none stays. */
export async function startDemoServices(gatewayUrl: () => string): Promise<readonly RunningService[]> {
  const planned: readonly (Omit<RunningService, 'service'> & { listener: RequestListener })[] = [
    {
      name: 'productpage',
      version: 'v1',
      about: 'HTML, calls reviews through the gateway',
      addressInFile: '127.0.0.1:9101',
      listener: productPageService(gatewayUrl),
    },
    {
      name: 'reviews',
      version: 'v1',
      about: 'no stars',
      addressInFile: '127.0.0.1:9111',
      listener: reviewsService('v1'),
    },
    {
      name: 'reviews',
      version: 'v2',
      about: 'black stars',
      addressInFile: '127.0.0.1:9112',
      listener: reviewsService('v2'),
    },
    {
      name: 'reviews',
      version: 'v3',
      about: 'red stars, the shadow: gets copies, answers nobody',
      addressInFile: '127.0.0.1:9113',
      listener: reviewsService('v3'),
    },
    { name: 'callback', version: 'v1', about: '', addressInFile: '127.0.0.1:9121', listener: callbackService('v1') },
    { name: 'callback', version: 'v2', about: '', addressInFile: '127.0.0.1:9122', listener: callbackService('v2') },
  ];
  const starts = await Promise.allSettled(
    planned.map(async ({ listener, ...about }) => ({ ...about, service: await startLoopbackService(listener) })),
  );
  const running = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stopDemoServices(running);
    throw failed.reason;
  }
  return running;
}

export async function stopDemoServices(services: readonly RunningService[]): Promise<void> {
  await Promise.all(services.map(({ service }) => service.close()));
}
