create table item (
    id         uuid primary key,
    name       varchar(100) not null,
    created_at timestamp with time zone not null
);

create index item_created_at on item (created_at desc, id);
