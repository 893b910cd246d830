import type { Mutant } from './mutant.ts'

const lanes = 'packages/core/src/lanes'

/** More of what the leased lanes rest on. */
export const laneMutants: readonly Mutant[] = [
  {
    name: 'key not read from its first row when its hold falls due',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'Math.min(after, firstOf(hold) - 1)',
        replace: 'after',
      },
    ],
  },
  {
    name: 'key with too many rows forgotten before its last',
    edits: [
      {
        file: `${lanes}/select.ts`,
        find: 'full ? { ...hold, waitingFrom, head: (rows.at(-1)?.position ?? 0) + 1 } : null',
        replace: 'null',
      },
    ],
  },
  {
    name: 'rows handed out behind the first of a key with too many',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (firstOf(hold) <= after || hold.dueAt',
        replace: 'if ((firstOf(hold) <= after && !isCrowd(hold)) || hold.dueAt',
      },
    ],
  },
  {
    name: 'hold not stored',
    edits: [
      {
        file: `${lanes}/settle.ts`,
        find: '  await tx.putHolds(holds)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'suspects not alone',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'handOut(session, alone === undefined ? rows : [alone])',
        replace: 'handOut(session, rows)',
      },
      {
        file: `${lanes}/select.ts`,
        find: 'const taken = alone ? [suspect] : normal.taken',
        replace: 'const taken = alone ? [suspect, ...normal.taken] : normal.taken',
      },
    ],
  },
  {
    name: 'lane given up with messages in flight',
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: 'mine.filter((lane) => !busy.has(lane))',
        replace: 'mine.filter((lane) => lane >= 0 || busy.has(lane))',
      },
    ],
  },
  {
    name: 'change of history not noticed',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (known === result.epoch) return false',
        replace: 'if (known !== null || known === result.epoch) return false',
      },
    ],
  },
  {
    name: 'lanes taken from what was asked instead of what the database says',
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: 'const gained = [...owned].filter((lane) => !session.lanes.has(lane))',
        replace: 'const gained = change.take',
      },
    ],
  },
  {
    name: 'floor not set back when a topic opens again',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: '    session.probed.delete(topic)\n    session.setFloorBack(first)\n',
        replace: '    session.probed.delete(topic)\n',
      },
    ],
  },
  {
    name: 'window written in another history than the one that was read',
    edits: [
      {
        file: `${lanes}/lane-source.ts`,
        find: 'epoch ?? undefined)',
        replace: 'undefined)',
      },
      {
        file: `${lanes}/claim.ts`,
        find: '  if (session.inFlight.size > 0) session.ended = true\n',
        replace: '',
      },
    ],
  },
  {
    name: 'next window without the batch that is being published',
    edits: [
      {
        file: 'packages/core/src/relay/announce.ts',
        find: '[...current.messages, ...next.messages]',
        replace: 'next.messages',
      },
    ],
  },
  {
    name: 'barrier from before a failover used for the first read after it',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (known === result.epoch) return false',
        replace: 'if (known === null || known === result.epoch) return false',
      },
    ],
  },
  {
    name: 'late commit of a key forgotten that reads leave out',
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: '    hold.waitingFrom = Math.min(hold.waitingFrom, after + 1)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'hold of a key by the last of its failures instead of all',
    edits: [
      {
        file: `${lanes}/settle.ts`,
        find: 'Math.max(before?.delayMs ?? 0, settlement.delayMs)',
        replace: 'settlement.delayMs',
      },
    ],
  },
  {
    name: 'crashes of a suspect not counted',
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: 'const crashes = before === undefined ? row.crashes : before + 1',
        replace: 'const crashes = before === undefined ? row.crashes : before',
      },
    ],
  },
]
