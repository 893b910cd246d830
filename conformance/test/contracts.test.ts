import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { suites } from '../src/spec/suites.ts'

const folder = new URL('../../packages/core/src/contracts/', import.meta.url)
const ids = suites.flatMap(({ rules }) => rules.map(({ id }) => id))
const operations = new Set(ids.map((id) => id.split('/')[0]))

/** Paragraphs and list items of the comments of all contract files. */
function statements(): readonly string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => {
    const comments = readFileSync(new URL(file, folder), 'utf8').match(/\/\*\*.*?\*\//gs) ?? []
    const texts = comments.map((comment) => comment.replaceAll(/^\s*\/?\*+\/? ?/gm, ''))
    return texts.flatMap((text) => text.split(/\n\s*\n|\n(?=- )/))
  })
}

/** Rule ids that a text names; `claim/*` names all of an operation. */
function mentioned(text: string): readonly string[] {
  const names = [...text.matchAll(/`([a-z-]+)\/([a-z-]+|\*)`/g)]
  return names.filter(([, operation]) => operations.has(operation ?? '')).map(([name]) => name.slice(1, -1))
}

function isCovered(id: string, names: ReadonlySet<string>): boolean {
  return names.has(id) || names.has(`${id.split('/')[0]}/*`)
}

describe('contracts and rules', () => {
  it('every id in a comment of the contracts is a rule', () => {
    const names = statements().flatMap(mentioned)
    expect(names.length).toBeGreaterThan(40)
    expect(names.filter((name) => !name.endsWith('/*') && !ids.includes(name))).toEqual([])
  })

  it('every MUST in the contracts names the rule that verifies it', () => {
    const musts = statements().filter((text) => /\bMUST\b/.test(text))
    expect(musts.length).toBeGreaterThan(20)
    expect(musts.filter((text) => mentioned(text).length === 0)).toEqual([])
  })

  it('every rule of a contract is named in its comments, or all of its operation are', () => {
    const names = new Set(statements().flatMap(mentioned))
    const adapters = suites
      .filter(({ contract }) => !['relay', 'effects'].includes(contract))
      .flatMap(({ rules }) => rules)
    expect(adapters.filter(({ id }) => !isCovered(id, names)).map(({ id }) => id)).toEqual([])
  })
})

describe('rules', () => {
  it('have ids of their own, of the form operation/behaviour', () => {
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z-]+\/[a-z-]+$/.test(id))).toEqual([])
  })

  it('state what MUST be, and why', () => {
    for (const { id, statement, intent } of suites.flatMap(({ rules }) => rules)) {
      expect(statement, id).toMatch(/\b(MUST|MUST NOT|SHOULD)\b.*\.$/)
      expect(intent, id).toMatch(/^["'A-Z`0].{20,}[.]$/)
    }
  })
})
