/** ES2024's Atomics.waitAsync, which Node 20 has and the compiler's library does not know yet. */
interface AtomicsWithWaitAsync {
  waitAsync(
    array: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false; readonly value: string } | { readonly async: true; readonly value: Promise<string> };
}

export const { waitAsync } = Atomics as unknown as AtomicsWithWaitAsync;
