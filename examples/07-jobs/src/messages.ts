import { defineMessages } from '@waybill/core'
import { z } from 'zod'

const documentId = z.uuid()

/** The stages of the pipeline: each message starts one. Its topic is the stage's queue. */
export const schemas = {
  /** Lines such as `3 chair 1250`: how many, of what, for how many cents each. */
  'document.submitted': z.object({ documentId, text: z.string() }),
  'document.extracted': z.object({ documentId, lines: z.int() }),
  'document.priced': z.object({ documentId, cents: z.int() }),
}

export const messages = defineMessages({
  'document.submitted': { topic: 'extract', schema: schemas['document.submitted'] },
  'document.extracted': { topic: 'price', schema: schemas['document.extracted'] },
  'document.priced': { topic: 'post', schema: schemas['document.priced'] },
})
