# find_package(StarttlsVerify) gives the targets StarttlsVerify::starttls_verify (shared) and
# StarttlsVerify::starttls_verify_static, each with the headers for C and C++.
include("${CMAKE_CURRENT_LIST_DIR}/StarttlsVerifyTargets.cmake")
