import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandResult, runCommand } from '../command.ts'
import { localBinary, publishedPackages, workspaceRoot } from '../workspace.ts'

/**
 * Compiles every published package from src to dist, one file for one file, with declarations. Each is compiled against
 * what the packages before it offer in dist, not against their sources, so that what is published is what was checked.
 */
export async function buildPackages(progress: (line: string) => void): Promise<CommandResult> {
  for (const { folder, manifest } of publishedPackages()) {
    progress(`building ${manifest.name}`)
    const result = await buildPackage(join(workspaceRoot, folder))
    if (!result.ok) return result
  }
  return { ok: true, stdout: '', output: '' }
}

async function buildPackage(folder: string): Promise<CommandResult> {
  const scratch = join(folder, 'node_modules', '.waybill')
  const config = join(scratch, 'tsconfig.build.json')
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  writeFileSync(config, JSON.stringify(buildSettings(folder)))
  return await runCommand(localBinary('tsc'), ['-p', config])
}

function buildSettings(folder: string): object {
  return {
    extends: join(folder, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      customConditions: [],
      rootDir: join(folder, 'src'),
      outDir: join(folder, 'dist'),
      rewriteRelativeImportExtensions: true,
      stripInternal: true,
    },
    include: [join(folder, 'src')],
    exclude: [join(folder, 'src/**/*.test.ts'), join(folder, 'src/**/*.test-d.ts')],
  }
}
