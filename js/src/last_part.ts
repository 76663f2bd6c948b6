/** The last part of a path or hub name, where the meaning is. */
export const lastPart = (name: string): string => name.split(/[\\/]/).findLast(Boolean) ?? name;
