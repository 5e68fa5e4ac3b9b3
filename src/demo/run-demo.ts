import { announce } from './announcement.ts';
import { type RunningService, startDemoServices, stopDemoServices } from './demo-services.ts';
import { assertPortIsFree } from './free-port.ts';
import { type WorkingCopy, writeWorkingCopy } from './working-copy.ts';

/** A gateway that runs on the demo's configuration: what the demo needs to know of it. */
export interface DemoGateway {
  /** `http://127.0.0.1:PORT` of the listener `edge`, without a trailing slash. */
  readonly gatewayUrl: string;
  /** The same of the admin port. */
  readonly adminUrl: string;
  /** Resolves when every socket is closed. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** Where the gateway listens on 127.0.0.1; 0: any free port. */
  readonly port: number;
  /** Where the admin port listens on 127.0.0.1; 0: any free port. */
  readonly adminPort: number;
  /** Starts a gateway on this configuration file and watches the file. */
  readonly startGateway: (configFile: string) => Promise<DemoGateway>;
  /** Takes the text for the terminal, line ends included. */
  readonly print: (text: string) => void;
}

export interface RunningDemo extends Pick<DemoGateway, 'gatewayUrl' | 'adminUrl'> {
  /** The configuration in force: edit it and the next request follows. */
  readonly file: string;
  /** Stops the gateway, then the services, and removes what was written. */
  close(): Promise<void>;
}

/**
 * Brings the demo up: services on free loopback ports, a copy of config/demo.yaml that names those ports, and the gateway on
 * it. Rejects with one clear sentence when a port is taken; whatever was started by then is stopped again.
 */
export async function runDemo({ port, adminPort, startGateway, print }: DemoOptions): Promise<RunningDemo> {
  await assertPortIsFree({ port, flag: '--port' });
  await assertPortIsFree({ port: adminPort, flag: '--admin-port' });
  let gateway: DemoGateway | null = null;
  let copy: WorkingCopy | null = null;
  let services: readonly RunningService[] = [];
  const close = async () => {
    try {
      await gateway?.stop();
    } finally {
      await stopDemoServices(services);
      copy?.remove();
    }
  };
  try {
    services = await startDemoServices(() => gateway?.gatewayUrl ?? '');
    copy = await writeWorkingCopy(addressesFor(services, port, adminPort));
    gateway = await startGateway(copy.file);
  } catch (error) {
    await close();
    throw error;
  }
  const { gatewayUrl, adminUrl } = gateway;
  print(announce({ gatewayUrl, adminUrl, file: copy.file, services }));
  return { gatewayUrl, adminUrl, file: copy.file, close };
}

/** From the addresses that config/demo.yaml writes to those of this run. */
function addressesFor(
  services: readonly RunningService[],
  port: number,
  adminPort: number,
): ReadonlyMap<string, string> {
  return new Map([
    ['127.0.0.1:8080', `127.0.0.1:${port}`],
    ['127.0.0.1:9900', `127.0.0.1:${adminPort}`],
    ...services.map(({ addressInFile, service }) => [addressInFile, new URL(service.url).host] as const),
  ]);
}
