/* What the files of the HTTP conversation share. Not for other folders. */
#ifndef METERD_SESSION_HTTP_PARTS_H
#define METERD_SESSION_HTTP_PARTS_H

#include "server/session/session_parts.h"

enum http_route { ROUTE_NONE, ROUTE_READINGS, ROUTE_POINTS, HTTP_ROUTE_COUNT };

/* A refused request's body up to this size is read over; a larger one is not worth it. */
#define HTTP_SKIPPED_BODY_MAX (64 * 1024)

/* --- http_frame.c ----------------------------------------------------------------------------- */

/* llhttp on a whole head. ST_OK, with a body to come unless *is_whole; ST_METHOD: a method nobody
 * knows; ST_FRAMING. */
enum status http_parse_head(struct session *s, struct span head, bool *is_whole) MUST_USE;

/* --- http_request.c --------------------------------------------------------------------------- */

/* Judges a head that passed http_head_check, in the order of contract 1, as far as a head allows:
 * 404, 405, 401, 411, 413, 415, 503. Sets the route and who asks. */
enum status http_judge(struct session *s, struct span head) MUST_USE;
/* Does the head ask to be told before the body is sent (RFC 9110, 10.1.1)? */
bool http_expects_continue(struct span head);
/* "GET, HEAD" and the like, for Allow. */
const char *http_allowed(enum http_route route);

/* --- http_answer.c ---------------------------------------------------------------------------- */

/* An error as problem+json (RFC 9457). The connection stays when keep_alive. */
void http_put_problem(struct session *s, enum status why, bool keep_alive);
void http_put_continue(struct session *s);
/* The answer to GET /v1/points. */
void http_put_points(struct session *s, bool keep_alive);

#endif
