/* How much a configuration file may ask of us. */
#ifndef CONFIG_LIMITS_H
#define CONFIG_LIMITS_H

#define CONFIG_FILE_MAX      (1u << 20) /* bytes */
#define CONFIG_NESTING_MAX   8          /* blocks in blocks */
#define CONFIG_WORDS_MAX     256        /* of a directive, its name among them */
#define CONFIG_WORD_MAX      4096       /* bytes */
#define CONFIG_FAULTS_MAX    20         /* reported at once */
#define CONFIG_ENDPOINTS_MAX 64         /* of one listen option */
#define CONFIG_ROUTES_MAX    256        /* of one site, and of the VPN */
#define CONFIG_MEMBERS_MAX   64         /* servers of one proxy */
#define CONFIG_RESOLVERS_MAX 8          /* that clients of the VPN are told of */
#define CONFIG_SOFTWARE_MAX  32         /* lines of client_software */
#define CONFIG_UNIX_PATH_MAX 107        /* bytes; sun_path without its NUL, unix(7) */
#define CONFIG_ALPN_MAX      255        /* bytes; RFC 7301 §3.1 */

#endif
