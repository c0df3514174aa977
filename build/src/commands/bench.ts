export async function bench(_options: { scale: number; runs: number }): Promise<void> {}
