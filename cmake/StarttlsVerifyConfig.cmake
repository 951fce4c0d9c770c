# find_package(StarttlsVerify) gives the target StarttlsVerify::starttls_verify.
include("${CMAKE_CURRENT_LIST_DIR}/StarttlsVerifyTargets.cmake")
