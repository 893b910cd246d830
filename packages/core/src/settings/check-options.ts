import { ConfigurationError, type ConfigurationProblem, SpecificationError } from '../contracts/index.ts'

/** Collects what is wrong with the options of one constructor, so that all of it is reported at once. */
export interface OptionCheck {
  /** Reports `rule` unless `holds`. For cross-field rules, name the other field and its value in `rule`. */
  that(holds: boolean, problem: ConfigurationProblem): void
  /** Reports a value that is not an integer from `min` to `max`. */
  integer(option: string, value: unknown, min: number, max?: number): void
}

/** What a constructor was given; without types that may be nothing at all, and then every option is missing. */
export function given<T extends object>(options: T): T {
  return typeof options === 'object' && options !== null ? options : ({} as T)
}

/**
 * Answers what `rules` answers, usually the resolved options.
 *
 * @throws {@link ConfigurationError} with everything that `rules` reported.
 */
export function checkOptions<T>(subject: string, rules: (check: OptionCheck) => T): T {
  const problems: ConfigurationProblem[] = []
  const that: OptionCheck['that'] = (holds, problem) => {
    if (!holds) problems.push(problem)
  }
  const result = rules({
    that,
    integer(option, value, min, max = Number.MAX_SAFE_INTEGER) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
      const holds = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
      that(holds, { option, value, rule: `must be an integer ${upTo}` })
    },
  })
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return result
}

/** Reports a catalogue that `defineMessages` has not made. */
export function checkCatalogue(check: OptionCheck, messages: { readonly definitions: unknown } | undefined): void {
  const holds = messages === undefined || messages?.definitions instanceof Map
  check.that(holds, { option: 'messages', value: messages, rule: 'must be what defineMessages() answers' })
}

/** @throws {@link SpecificationError} if the adapter was made for another version of the contracts. */
export function checkSpecification(adapter: { readonly specificationVersion: unknown; readonly name: string }): void {
  if (adapter.specificationVersion !== 'v1') throw new SpecificationError(adapter.name, adapter.specificationVersion)
}
