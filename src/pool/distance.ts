/**
 * How far two places on the globe are from one another: along the great circle, in whole metres, so that it
 * is a small integer and no object. Places are latitude and longitude in 1e-5 degrees, as `near=` keeps them.
 */
/** Of the Earth, on the average (IUGG): the true shape moves a distance by half a percent. */
const RADIUS_METRES = 6_371_009;
const RADIANS = Math.PI / 180 / 1e5;

/** By haversines, which stay exact where places are near one another. */
export function metresBetween(
  latitude: number,
  longitude: number,
  otherLatitude: number,
  otherLongitude: number,
): number {
  const north = Math.sin(((otherLatitude - latitude) * RADIANS) / 2);
  const east = Math.sin(((otherLongitude - longitude) * RADIANS) / 2);
  const circles = Math.cos(latitude * RADIANS) * Math.cos(otherLatitude * RADIANS);
  const haversine = Math.min(1, north * north + circles * east * east);
  return Math.round(2 * RADIUS_METRES * Math.asin(Math.sqrt(haversine)));
}
