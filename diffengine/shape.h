/*
 * What a statement looks like without its values: key words and names in lower case, one `?`
 * for every literal and parameter, lists of them and repeated rows folded to `?...`, comments
 * and spacing gone. Statements of the same shape are one group in reports. It brings more together
 * than diffengine/normalise.h, by which known differences are found again: that keeps parameters
 * and the length of lists apart, since a list of what is allowed must not grow by itself.
 */
#ifndef DIFFENGINE_SHAPE_H
#define DIFFENGINE_SHAPE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/hash.h"

#define SHAPE_MAX ((size_t)65536) /* bytes of a shape; what follows is left out, see shape_hash */

/* Replaces the content of `out`, whose ceiling must be SHAPE_MAX or more; any text will do.
 * False: no memory. */
bool shape_write(struct buf *out, struct bytes statement) ATTR_USE_RESULT;

/* Tells shapes apart. Statements whose shape is longer than SHAPE_MAX are told apart by all of
 * their text. `scratch` is as `out` above. */
struct hash128 shape_hash(struct bytes statement, struct buf *scratch);

#endif
