/** What one run of an operation may use, for those who call operations. */
export { defaultLimits, type Limits, limits, setLimits } from '../limits.ts';
