import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How to build an image from distribution packages. */
export interface ImageRecipe {
  /** The folder of `conformance/images` with its Dockerfile. */
  readonly folder: string
  /**
   * For a server without an official image: the official image of the distribution to build on. Without this, the recipe is
   * of a stand-in, built only where the official image cannot be had.
   */
  readonly officialBase?: string
}

/** The image that its publishers made; one of ours under the same name; or one of ours because there is no other. */
export type ImageOrigin = 'official' | 'stand-in' | 'own'

/** The label of images that we built: the recipe's fingerprint. */
export const builtLabel = 'waybill.built'

/** Where an image of a recipe comes from, by its labels. */
export function originBy(labels: Readonly<Record<string, string>>, recipe: ImageRecipe): ImageOrigin {
  if (recipe.officialBase !== undefined) return 'own'
  return labels[builtLabel] === undefined ? 'official' : 'stand-in'
}

/** Changes when the recipe does. */
export async function fingerprint(recipe: ImageRecipe): Promise<string> {
  const folder = folderOf(recipe)
  const hash = createHash('sha256')
  for (const file of (await readdir(folder)).toSorted()) hash.update(file).update(await readFile(join(folder, file)))
  return hash.digest('hex').slice(0, 16)
}

export function folderOf({ folder }: ImageRecipe): string {
  return fileURLToPath(new URL(`../../../images/${folder}/`, import.meta.url))
}
