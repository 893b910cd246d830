import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src/command.ts'
import { localBinary, workspaceRoot } from '../../src/workspace.ts'
import { type CodeBlock, codeBlocks, pages, region } from './code-blocks.ts'

const blocks = pages.flatMap(codeBlocks)
const typescript = blocks.filter(({ language }) => language === 'ts' || language === 'typescript')
const excerpts = typescript.filter(({ source }) => source !== undefined)
const programs = typescript.filter(({ source }) => source === undefined)
const shell = blocks.filter(({ language }) => language === 'sh')
const place = ({ page, line }: CodeBlock): string => `${page}:${line}`

/** A folder from which programs find what the examples depend on. */
function folderOfPrograms(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-docs-'))
  symlinkSync(join(workspaceRoot, 'examples/01-quickstart/node_modules'), join(folder, 'node_modules'), 'junction')
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('there is code to check', () => {
  expect(excerpts).not.toEqual([])
  expect(programs).not.toEqual([])
})

test.each(excerpts.map((block) => [place(block), block] as const))('%s is what its source says', (_, block) => {
  expect(block.text).toBe(region(block.source ?? ''))
})

test.each(programs.map((block) => [place(block), block] as const))('%s runs', async (_, block) => {
  const options = { cwd: folderOfPrograms(), timeoutMs: 15_000 }
  const flags = ['--conditions=@waybill/source', '--input-type=module-typescript', '--eval']
  const { ok, output } = await runCommand(process.execPath, [...flags, block.text], options)
  expect(ok, output).toBe(true)
})

test('the programs of all pages have right types', async () => {
  const folder = folderOfPrograms()
  const config = {
    extends: join(workspaceRoot, 'tsconfig.base.json'),
    compilerOptions: { declaration: false, isolatedDeclarations: false, preserveSymlinks: false },
    include: [folder],
    exclude: [join(folder, 'node_modules')],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const block of programs)
    writeFileSync(join(folder, `${block.page.replaceAll('/', '_')}_${block.line}.ts`), block.text)
  const { ok, output } = await runCommand(localBinary('tsc'), ['-p', folder], { cwd: folder })
  expect(ok, output).toBe(true)
})

test.each(shell.map((block) => [place(block), block] as const))('%s names scripts that exist', (_, block) => {
  const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as { scripts: object }
  for (const [, script = ''] of block.text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:]+)/g)) {
    expect(Object.keys(scripts)).toContain(script)
  }
})
