# One detector goes quiet while the others report: a fault to be looked at by day, no alarm at night
start 10:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
cabin 白桦客栈, owner Marzhan, second Dauren
  room 大堂 on 1号箱 2号开关, 32 A
203房 voltage every 10s: 226 x 30
大堂 voltage every 10s: 227 x 400
expect none before 6m   case opened
expect by 40m           case opened, silence, fault
expect none             notice voice to Bolat
expect none             case opened, silence, incident
