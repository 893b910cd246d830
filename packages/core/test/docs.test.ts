import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  CommandError,
  type CommandErrorCode,
  ConfigurationError,
  errorCodes,
  HandlerError,
  type HandlerErrorCode,
  MessageError,
  type MessageErrorCode,
  PermanentError,
  PublishError,
  type PublishErrorCode,
  SpecificationError,
  StorageError,
  type StorageErrorCode,
  TransactionError,
  TransitionError,
  type TransitionErrorCode,
} from '../src/contracts/index.ts'
import { transitions } from '../src/lifecycle/transition.ts'

function read(page: string): string {
  return readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')
}

interface ErrorRow {
  readonly code: string
  readonly meaning: string
  readonly classes: readonly string[]
  readonly retryable: string
}

const rows: readonly ErrorRow[] = read('errors.md')
  .split('\n')
  .filter((line) => /^\| `/.test(line))
  .map((line) => line.split(' | '))
  .map(([code = '', meaning = '', classes = '', retryable = '']) => ({
    code: code.replace(/[|` ]/g, ''),
    meaning,
    classes: classes.replaceAll('`', '').split(', '),
    retryable,
  }))

/** One of each class that a code alone is enough to make. */
const makers: Readonly<Record<string, (code: string) => { readonly code: string; readonly retryable: boolean }>> = {
  ConfigurationError: () => new ConfigurationError('subject', []),
  MessageError: (code) => new MessageError(code as MessageErrorCode, ''),
  TransactionError: () => new TransactionError(''),
  StorageError: (code) => new StorageError(code as StorageErrorCode, ''),
  PublishError: (code) => new PublishError(code as PublishErrorCode, ''),
  SpecificationError: () => new SpecificationError('adapter', 'v0'),
  HandlerError: (code) =>
    new HandlerError(code as HandlerErrorCode, '', {
      retryable: code !== 'NO_HANDLER' && code !== 'HANDLER_CRASHED',
    }),
  PermanentError: () => new PermanentError(''),
  CommandError: (code) => new CommandError(code as CommandErrorCode, ''),
  TransitionError: (code) => new TransitionError(code as TransitionErrorCode, ''),
}

test('the page of errors has every code with its meaning, in their order', () => {
  expect(rows.map(({ code, meaning }) => [code, meaning])).toEqual(Object.entries(errorCodes))
})

test.each(rows)('the page is right about the class and retryable of $code', ({ code, classes, retryable }) => {
  for (const name of classes) {
    const error = makers[name]?.(code)
    if (error === undefined) continue
    expect(error.code).toBe(code)
    expect(error.retryable).toBe(name !== 'PermanentError' && retryable.startsWith('yes'))
  }
})

test('the diagram of the lifecycle has every transition and no other', () => {
  const drawn = [...read('architecture/lifecycle.md').matchAll(/^ {2}(\w+) --> (\w+) : ([\w-]+)$/gm)]
  const expected = Object.entries(transitions).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`),
  )
  expect(drawn.map(([, from, to, event]) => `${from} ${event} ${to}`).toSorted()).toEqual(expected.toSorted())
})
