import type { Mounted } from '../src/transport/transport.ts';
import { counted } from './format-size.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Session } from './session.ts';

/** The service manager is told no more often, in milliseconds; what is over sooner is not worth a word. */
const quietMilliseconds = 1000;

/** What a mount is at: `making btf-flat/ext4 of 6.1.0`, `serving 3 kernels, 12 artifacts made`. */
export function describeWork({ catalogue, workshop }: Session, mounted: Mounted): string {
  const [first, ...others] = mounted.making().filter((path) => path.includes('/'));
  if (first !== undefined) {
    const slash = first.indexOf('/');
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return `making ${first.slice(slash + 1)} of ${first.slice(0, slash)}${more}`;
  }
  const { artifacts } = workshop.made;
  return `serving ${counted(catalogue.kernels.size, 'kernel')}, ${counted(artifacts, 'artifact')} made`;
}

/** Keeps what the service manager shows of this service up to date, at leisure. */
export class ServiceStatus {
  readonly #manager: ServiceManager;
  readonly #describe: () => string;
  #told = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param describe what is being done now */
  constructor(manager: ServiceManager, describe: () => string) {
    this.#manager = manager;
    this.#describe = describe;
  }

  /** To be called when there may be something else to tell. */
  readonly changed = (): void => {
    if (!this.#manager.isThere || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.tell();
    }, quietMilliseconds).unref();
  };

  /** Tells it now, if it is something else. */
  tell(): void {
    const text = this.#describe();
    if (text === this.#told) return;
    this.#told = text;
    this.#manager.status(text);
  }

  /** Tells nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
