#!/usr/bin/env node
import { relative } from 'node:path'
import { ArgumentError, readArguments, usage } from './arguments.ts'
import { FolderInUseError, generateAdapter } from './generate.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const plan = readArguments(args)
    if (plan === null) return say(usage, 0)
    const files = await generateAdapter(plan)
    const folder = relative(process.cwd(), plan.folder) || '.'
    const next = [`cd ${folder}`, 'npm install', 'npm test']
    return say(`${plan.names.packageName}: ${files.length} files in ${folder}\n\n  ${next.join('\n  ')}\n`, 0)
  } catch (error) {
    if (error instanceof FolderInUseError) return complain(error.message)
    if (error instanceof ArgumentError) return complain(`${error.message}\n\n${usage}`)
    throw error
  }
}

function say(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`)
  return 1
}
