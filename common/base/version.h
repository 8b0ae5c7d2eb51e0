#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define RAPL_VERSION "0.1.0"

#endif
