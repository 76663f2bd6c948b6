/** The colour of what stands beside it; its words say the same. */
export const Swatch = () => <span class="sw-swatch" aria-hidden />;
