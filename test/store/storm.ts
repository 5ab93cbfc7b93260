/** How many different blobs a storm of makings is about. */
export const stormed = 40;

/** The size of each: small ones of modules for the most part, and some that are waited for until they are on disk. */
export function stormSize(number: number): number {
  return number % 8 === 7 ? 1_200_000 + number * 1001 : number * 1777;
}
