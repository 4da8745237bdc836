// vega-interpreter asks for three names of vega-util; vega brings them already.
export const { ascending, isString, DisallowedObjectProperties } = globalThis.vega;
