/**
 * A makefile that ends make with a reason, whatever it is asked to make. GNU make reads it before any other where it is called
 * GNUmakefile (make(1)).
 * @param comment who made it and why, in one line
 * @param reason in one line
 */
export function endingMakefile(comment: string, reason: string): string {
  // In a variable, brackets need not be in pairs.
  return `# ${comment}
answer := ${valueOf(reason)}
$(error $(answer))
`;
}

/**
 * A text without line ends as a variable's value in a makefile, where $ and # mean something (GNU make's manual, "Setting
 * Variables"): a release is what an image says, and may have both in it.
 */
function valueOf(text: string): string {
  return text.replaceAll('$', '$$$$').replaceAll('#', String.raw`\#`);
}
