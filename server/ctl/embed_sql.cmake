# cmake -DOUT=file.c -DMIGRATIONS="a.sql;b.sql" -DTEXTS="x.sql;y.sql" -P embed_sql.cmake
#
# Writes SQL files as C arrays, so that programs need no files where they run: MIGRATIONS become
# sql_migrations in the order given, each of TEXTS becomes sql_NAME.
function(bytes_of path result)
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
        bytes "${bytes}")
    set(${result} "${bytes}0" PARENT_SCOPE)
endfunction()

set(code "/* Made by embed_sql.cmake. */\n#include \"server/store/sql_texts.h\"\n\n")
set(rows "")
set(count 0)
foreach(path ${MIGRATIONS})
    get_filename_component(name ${path} NAME_WE)
    bytes_of(${path} bytes)
    string(APPEND code "static const char text_${name}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", text_${name}},\n")
    math(EXPR count "${count} + 1")
endforeach()
string(APPEND code "const struct sql_text sql_migrations[] = {\n${rows}};\n")
string(APPEND code "const unsigned sql_migration_count = ${count};\n")
foreach(path ${TEXTS})
    get_filename_component(name ${path} NAME_WE)
    bytes_of(${path} bytes)
    string(APPEND code "const char sql_${name}[] = {${bytes}};\n")
endforeach()
file(WRITE ${OUT} "${code}")
