/** A sentence of the gateway: `code` in backticks becomes code, and it begins with a capital letter. */
export function Prose({ children }: { children: string }) {
  const parts = children.split(/`([^`]*)`/);
  return parts.map((part, index) =>
    index % 2 === 1 ? <code key={index}>{part}</code> : index === 0 ? part.charAt(0).toUpperCase() + part.slice(1) : part,
  );
}
