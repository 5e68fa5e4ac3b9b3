import type { LoadedConfiguration } from './configuration-load.ts';
import type { Standing } from './standing.ts';
import { hashOfFiles, type Revision, type StateStore } from './state-store.ts';

/** What an earlier process with the same state directory left in force. */
export interface EarlierLife {
  /** The configuration that was in force; null: there was none, or it cannot be read any more. */
  readonly before: LoadedConfiguration | null;
  /** The configuration that was put back in force and still stands in for the file; null: none does. */
  readonly rolledBack: LoadedConfiguration | null;
}

/** `first`: what the file says now. Nothing is parsed twice: as a rule the file is what it was. */
export async function readEarlierLife(
  store: StateStore,
  standing: Standing,
  first: LoadedConfiguration,
  load: (revision: Revision) => LoadedConfiguration,
): Promise<EarlierLife> {
  const { rollback, adopted } = standing;
  if (rollback !== null && hashOfFiles(first.reading.files) === rollback.insteadOf) {
    const revision = await store.read(rollback.revision);
    const rolledBack = revision === null ? null : load(revision);
    if (rolledBack !== null && rolledBack.config !== null) return { before: rolledBack, rolledBack };
  }
  const texts = { files: first.reading.files, lists: first.lists, adopted };
  const isSame = first.config !== null && store.numberOf(texts) === standing.revision;
  if (isSame) return { before: first, rolledBack: null };
  const revision = (await store.read(standing.revision)) ?? (await store.lastGood());
  return { before: revision === null ? null : load(revision), rolledBack: null };
}
