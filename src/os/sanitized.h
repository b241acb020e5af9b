/*
 * Whether this is a build with a sanitizer, which needs calls that no role of ours makes, and at
 * the end a look at its own memory: there SANITIZED is 1, and the sandbox lets it.
 */
#ifndef OS_SANITIZED_H
#define OS_SANITIZED_H

#define SANITIZED 0

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef SANITIZED
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#undef SANITIZED
#define SANITIZED 1
#endif
#endif

#endif
